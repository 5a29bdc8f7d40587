"""Files to series: runs, refreshing, damage. Does not know what a kind means."""
