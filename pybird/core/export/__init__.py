"""Export: from a table to the receivers of its routes; channels with equal filter and form share the work."""
