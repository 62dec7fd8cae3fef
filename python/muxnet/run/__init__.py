"""The main job of ``muxnet run``: its steps for any models, results, report and figures."""
