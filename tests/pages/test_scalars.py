"""The Scalars page as the server makes it: which cards, which runs, which points, and what it says without any."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests import eventfile

APP = Path(__file__).resolve().parents[2] / "app.py"
NAME = "events.out.tfevents.1.host"
TAGS = ("eval/loss", "train/loss", "train/rate")
