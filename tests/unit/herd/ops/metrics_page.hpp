#pragma once

#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Reads metrics as Prometheus does, and finds what neither it nor promtool does: a series twice,
// buckets that fall or lack +Inf, a sample outside its family.
namespace metrics_page {

struct Page {
    std::map<std::string, double> samples;     // by name and labels, as they stand there
    std::map<std::string, std::string> types;  // by family
    std::vector<std::string> faults;

    double at(const std::string& series) const {
        const auto found = samples.find(series);
        return found == samples.end() ? -1 : found->second;
    }
};

inline std::string base_of(std::string_view series, std::string_view family) {
    const std::string name(series.substr(0, series.find('{')));
    for (const char* suffix : {"_bucket", "_sum", "_count"}) {
        if (name == std::string(family) + suffix) return std::string(family);
    }
    return name;
}

// Of the family just read: its buckets rise to what _count says.
inline void check_histogram(Page& page,
                            const std::string& family,
                            const std::vector<double>& counts) {
    for (std::size_t i = 1; i < counts.size(); ++i) {
        if (counts[i] < counts[i - 1]) page.faults.push_back(family + ": buckets fall");
    }
    const bool has_all = page.samples.contains(family + "_bucket{le=\"+Inf\"}");
    if (!has_all) page.faults.push_back(family + ": no +Inf");
    if (has_all && page.at(family + "_bucket{le=\"+Inf\"}") != page.at(family + "_count")) {
        page.faults.push_back(family + ": +Inf is not the count");
    }
    if (!page.samples.contains(family + "_sum")) page.faults.push_back(family + ": no sum");
}

inline Page read(std::string_view text) {
    Page page;
    std::string family;
    std::vector<double> buckets;
    const auto end_family = [&] {
        if (page.types[family] == "histogram" && !buckets.empty()) {
            check_histogram(page, family, buckets);
        }
        buckets.clear();
    };
    if (!text.ends_with('\n')) page.faults.emplace_back("no newline at the end");
    std::set<std::string> helped;
    while (!text.empty()) {
        const std::string line(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.starts_with("# HELP ")) {
            end_family();
            family = line.substr(7, line.find(' ', 7) - 7);
            if (!helped.insert(family).second) page.faults.push_back(family + ": twice");
            if (line.size() < 7 + family.size() + 10) page.faults.push_back(family + ": no help");
            continue;
        }
        if (line.starts_with("# TYPE ")) {
            const std::size_t blank = line.find(' ', 7);
            if (line.substr(7, blank - 7) != family) page.faults.push_back(line);
            page.types[family] = line.substr(blank + 1);
            const bool counts = page.types[family] == "counter";
            if (counts != family.ends_with("_total")) page.faults.push_back(family + ": its name");
            continue;
        }
        const std::size_t blank = line.rfind(' ');
        const std::string series = line.substr(0, blank);
        char* end = nullptr;
        const double value = std::strtod(line.c_str() + blank + 1, &end);
        if (blank == std::string::npos || *end != '\0') page.faults.push_back(line);
        if (base_of(series, family) != family) page.faults.push_back(series + ": in " + family);
        if (!page.samples.emplace(series, value).second) page.faults.push_back(series + ": twice");
        if (series.starts_with(family + "_bucket")) buckets.push_back(value);
    }
    end_family();
    return page;
}

}  // namespace metrics_page
