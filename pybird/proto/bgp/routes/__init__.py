"""Between a session and its channels: routes in, routes out, next hops, route selection."""
