#pragma once

#include "bench/histogram.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

// What one scenario measured, in the order in which it is shown. A figure's unit stands at the end
// of its name; latencies are in nanoseconds.
struct Result {
    struct Server {
        std::string name;
        std::int64_t cpu_ns;  // in the measured time
        std::int64_t resident_bytes;
    };

    std::string scenario;
    std::string system;
    std::vector<std::pair<std::string, std::string>> options;
    double seconds = 0;  // measured
    std::vector<std::pair<std::string, double>> figures;
    std::vector<std::pair<std::string, Histogram>> latency;
    std::vector<Server> servers;

    void figure(std::string name, double value) { figures.emplace_back(std::move(name), value); }
    // What is not known is left out.
    void figure(std::string name, std::optional<double> value) {
        if (value) figure(std::move(name), *value);
    }

    std::string json() const;
    // For people: a line per figure, a table of latencies in microseconds.
    std::string summary() const;
};

// A number as an option has it: without zeros that say nothing.
std::string shown(double value);

}  // namespace bench
