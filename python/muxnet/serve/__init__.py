"""``muxnet serve``: a router and its models behind the Open Inference Protocol."""
