"""What filters look up besides the route: ROAs, ASPAs, interfaces."""
