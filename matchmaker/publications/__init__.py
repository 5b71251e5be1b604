"""Lists for publication (清单): composed by staff, issued once, frozen from then on."""
