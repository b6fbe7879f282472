"""What only the page Mistakes asks: runs and their pictures, scans, exports, tags."""
