#pragma once

#include "herd/config/config.hpp"
#include "herd/config/setting.hpp"

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::config {

// A configuration in the making. Takes one value after the other, as it comes from a file, and
// returns what is wrong with it; what several values must have in common is checked when their
// object ends, or in finish(), with the lines noted on the way. After an error it is of no further
// use.
class Draft {
public:
    // The line that everything comes from until this is called again; the first one is 1.
    void at_line(std::uint32_t line) {
        assert(line >= line_);
        line_ = line;
    }

    Checked begin(Section section);
    Checked end(Section section);
    // Of the server or link begun last. The text is as for assign().
    Checked take(const Setting& setting, std::string_view text);

    // Once, last.
    Checked finish();
    Config config() && { return std::move(config_); }

private:
    struct Link {
        std::uint32_t line;
        std::vector<std::string> ends;
        std::vector<std::uint32_t> end_lines;
    };

    Checked begin_server();
    Checked end_server();
    Checked check_name(const std::string& field) const;
    Checked check_own_addresses(const std::string& field) const;
    Checked check_addresses(const std::string& field);
    Checked check_peers_name(const std::string& field) const;
    Checked take_link_end(std::string_view text);
    Checked join(const Link& link, const std::string& field);
    Checked check_limits() const;
    Checked check_keys() const;
    Checked check_access() const;
    Checked check_bridge() const;
    Checked check_places();
    // Where it was set; 0: nowhere.
    std::uint32_t line_of(Section in, std::string_view name) const;

    Config config_;
    std::vector<Link> links_;
    // Of a server's settings, only the last server's.
    std::vector<std::pair<const Setting*, std::uint32_t>> lines_;
    std::uint32_t line_ = 1;
    std::uint32_t servers_line_ = 0;
};

}  // namespace herd::config
