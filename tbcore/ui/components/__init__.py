"""What the browser draws by itself, one folder each."""
