"""From one configuration to another: compare, plan, and carry out the plan."""
