"""Tables, channels, protocol instances and the router: what all protocols share."""
