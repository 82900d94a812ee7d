"""What `padan bench` runs: ours, the peers and the limit, side by side."""
