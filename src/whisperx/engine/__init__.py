"""Who computes: loaded models, and later the thread and the batches they share."""
