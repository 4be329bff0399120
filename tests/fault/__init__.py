"""What the worker does when something breaks: itself, a peer, the topics or the way to the brokers."""
