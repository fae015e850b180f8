"""What model providers refuse: rules with their sources, one module per provider."""
