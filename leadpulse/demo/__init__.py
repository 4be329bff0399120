"""`leadpulse demo`: history, broker, worker, training and a model swap, all of them real, in one terminal."""
