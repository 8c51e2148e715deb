"""Between a session and its channels: routes in, routes out, next hops, the choice of the best."""
