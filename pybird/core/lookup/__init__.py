"""What filters ask beside the route: ROAs, tables, interfaces."""
