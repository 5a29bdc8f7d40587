"""Runlens: training logs in the browser. Start with: streamlit run app.py -- --logdir runs"""

from tbcore import ui

ui.page_config()
ui.run()
