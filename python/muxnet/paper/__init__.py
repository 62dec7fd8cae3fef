"""The paper's own tables, device and link profiles, and its offload measured."""
