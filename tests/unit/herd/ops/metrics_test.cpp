#include "herd/ops/family.hpp"
#include "herd/watch/counters_table.hpp"
#include "tests/unit/herd/ops/metrics_page.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace metrics_test {

using namespace herd;
using namespace std::chrono_literals;

namespace {

constexpr std::array<reactor::Duration, 3> bounds = {1ms, 250ms, 1s};

struct Scene {
    config::Limits limits;
    reactor::TimeHistogram iterations{bounds};
    reactor::TimeHistogram syncs{bounds};
    ops::Snapshot snapshot{};
    std::vector<char> buffer = std::vector<char>(ops::metrics_size_max);

    Scene() {
        snapshot.version = "1.2";
        snapshot.status.server = "A";
        snapshot.status.journal = "ok";
        snapshot.limits = &limits;
        snapshot.iterations = &iterations;
        snapshot.syncs = &syncs;
        snapshot.process.descriptors = 7;
    }
    watch::LinkStatus& link(std::string_view neighbour, std::string_view state) {
        watch::LinkStatus& link = snapshot.status.links[snapshot.status.link_count++];
        link.neighbour = neighbour;
        link.state = state;
        return link;
    }
    metrics_page::Page page() { return metrics_page::read(ops::write_metrics(buffer, snapshot)); }
};

}  // namespace

TEST_CASE("metrics: each counter of the server is there, under its own name", "[herd][ops]") {
    Scene scene;
    std::uint64_t next = 1000;
    for (const watch::Counter& counter : watch::counters_table) {
        scene.snapshot.status.counters.*counter.value = next++;
    }
    const metrics_page::Page page = scene.page();
    CHECK(page.faults.empty());
    std::vector<double> values;
    for (const auto& [series, value] : page.samples) {
        if (value >= 1000 && value < static_cast<double>(next)) values.push_back(value);
    }
    std::ranges::sort(values);
    CHECK(std::ranges::adjacent_find(values) == values.end());
    CHECK(values.size() == watch::counters_table.size());
    CHECK(page.at("herd_commands_total{command=\"iamat\"}") == 1000);
}

TEST_CASE("metrics: links, with names that need escaping, and only what is known", "[herd][ops]") {
    Scene scene;
    watch::LinkStatus& live = scene.link("B\"\\", "live");
    live.hears = true;
    live.lag_records = 7;
    live.lag = 1500us;
    live.clock_difference_ns = -2'000'000'001;
    scene.link("Old", "live").legacy = true;
    scene.link("Down", "down").drops = 3;
    const metrics_page::Page page = scene.page();
    CHECK(page.faults.empty());
    const std::string name = "{neighbour=\"B\\\"\\\\\"}";
    CHECK(page.at("herd_link_up" + name) == 1);
    CHECK(page.at("herd_link_lag_records" + name) == 7);
    CHECK(page.at("herd_link_lag_seconds" + name) == 0.0015);
    CHECK(page.at("herd_link_clock_offset_seconds" + name) == -2.000000001);
    CHECK_FALSE(page.samples.contains("herd_link_round_trip_seconds" + name));
    CHECK_FALSE(page.samples.contains("herd_link_heard{neighbour=\"Old\"}"));
    CHECK(page.at("herd_link_up{neighbour=\"Down\"}") == 0);
    CHECK(page.at("herd_link_drops_total{neighbour=\"Down\"}") == 3);
    CHECK_FALSE(page.samples.contains("herd_link_lag_records{neighbour=\"Down\"}"));
}

TEST_CASE("metrics: as many links as there can be, with the longest names, fit", "[herd][ops]") {
    Scene scene;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < config::servers_max; ++i) {
        names.push_back(std::string(60, '"') + std::to_string(1000 + i));
    }
    for (const std::string& name : names) {
        watch::LinkStatus& link = scene.link(name, "live");
        link.lag_records = link.drops = link.divergences = UINT64_MAX;
        link.lag = link.round_trip = reactor::Duration::max();
        link.clock_difference_ns = INT64_MIN;
    }
    for (const watch::Counter& counter : watch::counters_table) {
        scene.snapshot.status.counters.*counter.value = UINT64_MAX;
    }
    CHECK(scene.page().faults.empty());
}

TEST_CASE("metrics: a histogram counts each time in all buckets above it", "[herd][ops]") {
    Scene scene;
    for (const reactor::Duration time : {0ns, 999'999ns, 1'000'000ns, 1'000'001ns}) {
        scene.iterations.note(time);
    }
    scene.iterations.note(2s);
    const metrics_page::Page page = scene.page();
    CHECK(page.faults.empty());
    const std::string bucket = "herd_loop_iteration_seconds_bucket{le=";
    CHECK(page.at(bucket + "\"0.001\"}") == 3);
    CHECK(page.at(bucket + "\"0.25\"}") == 4);
    CHECK(page.at(bucket + "\"1\"}") == 4);
    CHECK(page.at(bucket + "\"+Inf\"}") == 5);
    CHECK(page.at("herd_loop_iteration_seconds_count") == 5);
    CHECK(page.at("herd_loop_iteration_seconds_sum") == 2.003);
}

TEST_CASE("metrics: what there is none of is left out", "[herd][ops]") {
    Scene scene;
    scene.snapshot.status.journal = "off";
    scene.snapshot.process.descriptors = 0;
    scene.snapshot.status.digest = UINT64_MAX;
    const metrics_page::Page page = scene.page();
    CHECK(page.faults.empty());
    CHECK_FALSE(page.samples.contains("herd_journal_ok"));
    CHECK_FALSE(page.samples.contains("process_open_fds"));
    CHECK_FALSE(page.samples.contains("herd_certificate_expiry_time_seconds"));
    CHECK(page.at("herd_table_digest") == 4503599627370495.0);
    CHECK(page.at("herd_build_info{version=\"1.2\",server=\"A\"}") == 1);
}

TEST_CASE("metrics: the reader of these tests finds what is wrong", "[herd][ops]") {
    const std::string head = "# HELP a_total What it is here.\n# TYPE a_total counter\n";
    CHECK(metrics_page::read(head + "a_total 1\n").faults.empty());
    CHECK_FALSE(metrics_page::read(head + "a_total 1").faults.empty());
    CHECK_FALSE(metrics_page::read(head + "a_total 1\na_total 2\n").faults.empty());
    CHECK_FALSE(metrics_page::read(head + "b_total 1\n").faults.empty());
    CHECK_FALSE(metrics_page::read(head + "a_total x\n").faults.empty());
    CHECK_FALSE(metrics_page::read(head + head + "a_total 1\n").faults.empty());
    const std::string histogram = "# HELP h What it is here.\n# TYPE h histogram\n";
    const std::string tail = "h_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n";
    CHECK(metrics_page::read(histogram + "h_bucket{le=\"1\"} 2\n" + tail).faults.empty());
    CHECK_FALSE(metrics_page::read(histogram + "h_bucket{le=\"1\"} 4\n" + tail).faults.empty());
    CHECK_FALSE(metrics_page::read(histogram + "h_bucket{le=\"1\"} 2\nh_sum 1\nh_count 2\n")
                    .faults.empty());
}

}  // namespace metrics_test
