// The lowest finite number: where the search for a largest one starts.
const LOWEST = -3.4028234e38;
