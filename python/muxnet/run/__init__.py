"""The main job of ``muxnet run``: configuration, data, training, results, report and figures."""
