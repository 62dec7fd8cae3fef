"""Algorithm 1 on networks of the zoo: configuration, data, training; a finished run."""
