"""What is drawn and operated in the browser by code of our own: Streamlit components."""
