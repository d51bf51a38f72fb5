#include "herd/program/metrics_page.hpp"

#include "herd/ops/family.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace metrics_page_test {

namespace {

std::string text_of(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(HERD_SOURCE_ROOT "/" + file).rdbuf();
    return text.str();
}

// As they stand in an expression.
std::set<std::string> names() {
    std::set<std::string> all = {"up"};
    for (const auto& families : {herd::ops::state_families(), herd::ops::counter_families()}) {
        for (const herd::ops::Family& family : families) {
            const std::string name(family.name);
            if (family.kind == herd::ops::Kind::histogram) {
                for (const char* suffix : {"_bucket", "_sum", "_count"}) all.insert(name + suffix);
            } else {
                CHECK(all.insert(name).second);
            }
        }
    }
    return all;
}

}  // namespace

TEST_CASE("metrics page: docs/metrics.md is what `herd check --metrics` prints",
          "[herd][program]") {
    CHECK(text_of("docs/metrics.md") == herd::program::metrics_page());
}

TEST_CASE("metrics page: each metric says what it is, and what to do", "[herd][program]") {
    const std::string page = herd::program::metrics_page();
    for (const auto& families : {herd::ops::state_families(), herd::ops::counter_families()}) {
        for (const herd::ops::Family& family : families) {
            INFO(family.name);
            CHECK(page.find("\n- `" + std::string(family.name) + "` (") != std::string::npos);
            CHECK(family.help.ends_with('.'));
            CHECK(family.advice.ends_with('.'));
        }
    }
}

TEST_CASE("metrics page: alerts, their tests and the dashboard ask for metrics that there are",
          "[herd][program]") {
    const std::set<std::string> known = names();
    for (const char* file : {"ops/herd.rules.yml", "ops/herd.test.yml", "ops/grafana.json"}) {
        const std::string text = text_of(file);
        const std::regex metric(R"(\b((herd|process)_[a-z_]+))");
        int found = 0;
        for (std::sregex_iterator each(text.begin(), text.end(), metric), end; each != end;
             ++each) {
            if ((*each)[1] == "herd_commands" ||
                text[static_cast<std::size_t>(each->position()) - 1] == ':')
                continue;
            INFO(file << ": " << (*each)[1]);
            CHECK(known.contains((*each)[1]));
            ++found;
        }
        CHECK(found > 10);
    }
}

}  // namespace metrics_page_test
