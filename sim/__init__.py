"""bordersim: a discrete-event simulation of border crossings."""
