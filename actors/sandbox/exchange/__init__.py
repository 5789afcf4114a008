"""The exchange behind the trading server: a clearing house with Hyperliquid's public interface."""
