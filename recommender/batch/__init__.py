"""The national run: lists for everybody, shard by shard."""
