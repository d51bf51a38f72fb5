#pragma once

#include "bench/floor/event_loop.hpp"
#include "bench/floor/link.hpp"
#include "bench/floor/listener.hpp"
#include "bench/floor/sockets.hpp"

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bench::floor {

// The least that makes a herd of five: what a client says is answered, kept if it is newer, and
// told to every neighbour but the one that told it. Nothing is checked, repeated or recovered.
class Flood {
public:
    Flood(EventLoop& loop,
          std::string name,
          Port client_port,
          Port peer_port,
          const std::vector<Port>& next_ports);

    // Each takes a line with its end. What is new waits for `spread`.
    void take_report(std::string_view line, std::string& answers);  // IAMAT
    void take_told(std::string_view line);                          // AT

    // One write to each neighbour but `except` for all that the lines of one read brought.
    void spread(Port except);

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Newest = std::unordered_map<std::string, std::string, Hash, std::equal_to<>>;

    void adopt(EventLoop& loop, int descriptor, Port from);
    bool is_news(std::string_view client, std::string_view time);

    std::string name_;
    Newest newest_;  // a client's time
    std::string news_;
    std::deque<Link> links_;
    Listener clients_;
    Listener peers_;
};

}  // namespace bench::floor
