"""The only place that knows which parts are in use: here the settings choose and connect them."""
