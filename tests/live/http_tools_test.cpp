// The real programs that ask a server over HTTP: Prometheus and HAProxy, where they are installed.
#include "tests/live/herd_process.hpp"
#include "tests/live/ports.hpp"
#include "tests/live/skip.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace http_tools_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

HerdSetup five_with_http() {
    HerdSetup setup;
    setup.http = true;
    setup.journal = true;
    return setup;
}

bool has(const std::string& program) {
    if (run({"sh", "-c", "command -v " + program}).code == 0) return true;
    skip("there is no " + program +
         " (Debian: " + (program == "promtool" ? "prometheus" : program) + ")");
    return false;
}

std::string curl(const std::string& url) {
    return run({"curl", "-sS", "--max-time", "20", url}).out;
}

// A Prometheus that scrapes all servers each second.
class Prometheus {
public:
    explicit Prometheus(const Herd& herd) : port_(take_ports(1)[0]) {
        std::string targets;
        for (const std::string& name : herd.names()) {
            targets += (targets.empty() ? "'" : ", '") + std::string("127.0.0.1:") +
                       std::to_string(herd.http_port(name)) + "'";
        }
        const std::string config =
            "global: { scrape_interval: 1s, evaluation_interval: 1s }\n"
            "rule_files: ['" HERD_SOURCE_ROOT
            "/ops/herd.rules.yml']\n"
            "scrape_configs:\n- job_name: herd\n  static_configs:\n"
            "  - targets: [" +
            targets + "]\n";
        const auto file = write_file(folder_ / "prometheus.yml", config);
        process_ = std::make_unique<Process>(
            std::vector<std::string>{"prometheus",
                                     "--config.file=" + file.string(),
                                     "--storage.tsdb.path=" + (folder_ / "data").string(),
                                     "--web.listen-address=127.0.0.1:" + std::to_string(port_),
                                     "--web.console.templates=" + folder_.path().string(),
                                     "--web.console.libraries=" + folder_.path().string()});
    }

    // The value of an expression without labels; negative: there is none.
    double ask(const std::string& expression) const {
        const Ran ran = run({"curl",
                             "-sS",
                             "--max-time",
                             "20",
                             "--data-urlencode",
                             "query=" + expression,
                             "http://127.0.0.1:" + std::to_string(port_) + "/api/v1/query"});
        rapidjson::Document answer;
        answer.Parse(ran.out.c_str());
        if (answer.HasParseError() || !answer.IsObject() || !answer.HasMember("data")) return -1;
        const auto& result = answer["data"]["result"];
        return result.Empty() ? -1 : std::stod(result[0]["value"][1].GetString());
    }
    std::string said() const { return process_->err(); }

private:
    TemporaryFolder folder_;
    std::uint16_t port_;
    std::unique_ptr<Process> process_;
};

}  // namespace

TEST_CASE("prometheus: promtool finds nothing wrong with metrics, alerts and their tests",
          "[live][prometheus]") {
    if (!has("promtool") || !has("curl")) return;
    const Herd herd(five_with_http());
    for (const std::string& name : herd.names()) {
        const std::string page =
            curl("http://127.0.0.1:" + std::to_string(herd.http_port(name)) + "/metrics");
        REQUIRE(page.size() > 10'000);
        const Ran checked = run({"promtool", "check", "metrics"}, {.input = page});
        INFO(checked.out << checked.err);
        CHECK(checked.code == 0);
        CHECK(checked.err.empty());
    }
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{
              "promtool", "check", "rules", HERD_SOURCE_ROOT "/ops/herd.rules.yml"},
          std::vector<std::string>{
              "promtool", "test", "rules", HERD_SOURCE_ROOT "/ops/herd.test.yml"}}) {
        const Ran checked = run(words);
        INFO(checked.out << checked.err);
        CHECK(checked.code == 0);
    }
}

TEST_CASE("prometheus: it scrapes all servers, and is alerted to none", "[live][prometheus]") {
    if (!has("prometheus") || !has("curl")) return;
    const Herd herd(five_with_http());
    const Prometheus prometheus(herd);
    for (int i = 0; i < 20; ++i) {
        herd.ask(herd.names()[static_cast<std::size_t>(i) % 5],
                 "IAMAT c" + std::to_string(i) + " +1-1 " + std::to_string(1000 + i));
    }
    const bool up = eventually([&] { return prometheus.ask("sum(up)") == 5; });
    INFO(prometheus.said());
    REQUIRE(up);
    CHECK(eventually([&] { return prometheus.ask("min(count_over_time(up[1m]))") >= 3; }));
    CHECK(prometheus.ask("min(min_over_time(up[1m]))") == 1);
    CHECK(eventually(
        [&] { return prometheus.ask("sum(herd_commands_total{command=\"iamat\"})") == 20; }));
    CHECK(prometheus.ask("count(herd_link_up == 1)") == 12);
    CHECK(prometheus.ask("count(herd_ready == 1)") == 5);
    CHECK(eventually(
        [&] { return prometheus.ask("count(count_values(\"d\", herd_table_digest))") == 1; }));
    CHECK(prometheus.ask("min(scrape_samples_scraped)") > 150);
    CHECK(prometheus.ask("count(ALERTS{alertstate=\"firing\"})") < 0);
    CHECK(prometheus.ask("sum(herd_http_requests_refused_total)") == 0);
    CHECK(prometheus.said().find("level=error") == std::string::npos);
}

TEST_CASE("haproxy: its plainest check finds a server ready, and not when it ends",
          "[live][haproxy]") {
    if (!has("haproxy") || !has("curl")) return;
    HerdSetup setup = five_with_http();
    setup.names = {"Alpha", "Beta"};
    setup.links = {{"Alpha", "Beta"}};
    Herd herd(setup);
    const TemporaryFolder folder;
    const auto ports = take_ports(2);
    std::string config =
        "defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n"
        " timeout server 5s\nlisten clients\n bind 127.0.0.1:" +
        std::to_string(ports[0]) + "\n option httpchk GET /readyz\n";
    for (const std::string& name : herd.names()) {
        config += " server " + name + " 127.0.0.1:" + std::to_string(herd.port(name)) +
                  " check port " + std::to_string(herd.http_port(name)) +
                  " inter 200ms fall 1 rise 1\n";
    }
    config += "frontend stats\n mode http\n bind 127.0.0.1:" + std::to_string(ports[1]) +
              "\n stats enable\n stats uri /\n";
    const Process haproxy({"haproxy", "-f", write_file(folder / "haproxy.cfg", config)});
    const auto state_of = [&](const std::string& name) {
        const std::string all = curl("http://127.0.0.1:" + std::to_string(ports[1]) + "/;csv");
        const std::size_t row = all.find("clients," + name + ",");
        if (row == std::string::npos) return std::string("unknown");
        std::size_t at = row;
        for (int field = 0; field < 17; ++field) at = all.find(',', at) + 1;
        return all.substr(at, all.find(',', at) - at);
    };
    // It takes servers for up until it knows better: so what it saw of the check counts.
    CHECK(eventually([&] {
        const std::string all = curl("http://127.0.0.1:" + std::to_string(ports[1]) + "/;csv");
        return state_of("Alpha") == "UP" && state_of("Beta") == "UP" &&
               all.find("L7OK") != std::string::npos;
    }));
    CHECK(Client(ports[0]).ask("SYNC").starts_with("SYNC "));
    herd.kill("Beta");
    CHECK(eventually([&] { return state_of("Beta") == "DOWN"; }));
    CHECK(state_of("Alpha") == "UP");
    for (int i = 0; i < 10; ++i) CHECK(Client(ports[0]).ask("SYNC").starts_with("SYNC Alpha "));
}

}  // namespace http_tools_test
