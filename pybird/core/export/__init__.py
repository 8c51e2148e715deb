"""From a table to the receivers of its routes: what channels of equal filter and form share."""
