"""From one configuration to another: what differs, what must happen, and carrying it out."""
