"""From the files a programme has to the tables of the contract, losing no row silently."""
