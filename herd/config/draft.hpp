#pragma once

#include "herd/config/config.hpp"
#include "herd/config/limit_rules.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::config {

// What is wrong with a configuration: "line: field: expected ..., got ...". Where `field` is empty,
// it is the value that was just given.
struct Complaint {
    std::string expected;
    std::string got;
    std::string field = {};
    std::uint32_t line = 0;
};
using Judgement = std::optional<Complaint>;  // nothing: fine

// A configuration in the making. Takes one value after the other, as it comes from a file, and
// answers what is wrong with it; what several values must have in common is checked by finish(),
// with the lines noted on the way. After a complaint it is of no further use.
class Draft {
public:
    // The line that everything comes from until this is called again; the first one is 1.
    void at_line(std::uint32_t line) { line_ = line; }

    void begin_servers() { servers_line_ = line_; }
    Judgement begin_server();
    Judgement end_server();
    Judgement begin_link();
    Judgement end_link();
    // Whose value take_limit() gets next.
    void choose(const LimitRule& rule) { rule_ = &rule; }

    // Of the server or link begun last; numbers and flags as they stand in the file.
    Judgement take_name(std::string_view text);
    Judgement take_clients(std::string_view text);
    Judgement take_peers(std::string_view text);
    Judgement take_legacy(std::string_view text);
    Judgement take_link_end(std::string_view text);
    Judgement take_provider(std::string_view text);
    Judgement take_url(std::string_view text);
    Judgement take_key_file(std::string_view text);
    Judgement take_limit(std::string_view text);
    Judgement take_folder(std::string_view text);
    Judgement take_wire(std::string_view text);
    Judgement take_journal_folder(std::string_view text);
    Judgement take_fsync(std::string_view text);
    Judgement take_max_future(std::string_view text);
    Judgement take_ttl(std::string_view text);
    Judgement take_prefault(std::string_view text);
    Judgement take_spin(std::string_view text);

    // Once, last.
    Judgement finish();
    Config config() && { return std::move(config_); }

private:
    struct Link {
        std::uint32_t line;
        std::vector<std::string> ends;
        std::vector<std::uint32_t> end_lines;
    };
    using LimitLine = std::pair<std::uint32_t Limits::*, std::uint32_t>;

    Judgement take_address(std::string_view text, reactor::Address& address);
    bool is_taken(const reactor::Address& address) const;
    Judgement join(const Link& link, const std::string& field);
    Judgement check_limits() const;
    Judgement check_places();

    Config config_;
    std::vector<Link> links_;
    std::vector<LimitLine> limit_lines_;
    const LimitRule* rule_ = nullptr;
    std::uint32_t line_ = 1;
    std::uint32_t servers_line_ = 0;  // 0: nowhere; likewise the next four
    std::uint32_t clients_line_ = 0;  // of the server begun last
    std::uint32_t peers_line_ = 0;    // likewise
    std::uint32_t provider_line_ = 0;
    std::uint32_t url_line_ = 0;
};

}  // namespace herd::config
