"""Where packets go: interfaces, who is behind them, and the next hops that lead there."""
