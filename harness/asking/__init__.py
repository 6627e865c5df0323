"""Asking a server that speaks the OpenAI chat API: prompts, requests, what is kept of the answers, and reading them."""
