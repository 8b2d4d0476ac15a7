"""From a name to a ready network: catalogue, hub, checkpoint, names, load, save."""
