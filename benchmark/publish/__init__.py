"""From results to the site: charts, pictures, pages, and the build."""
