"""A scikit-learn pipeline for kabar-full.toml: what anybody could write in a file of their own."""

from typing import Any


def bayes() -> Any:
    """Complement naive Bayes on tf-idf words. Source: J. Rennie and others, Tackling the Poor Assumptions, 2003."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import ComplementNB
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(token_pattern=r"[^\W_]+", sublinear_tf=True), ComplementNB())
