#pragma once

#include "bench/floor/event_loop.hpp"
#include "bench/floor/listener.hpp"
#include "bench/floor/lookups.hpp"
#include "bench/floor/sockets.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bench::floor {

// Keeps the text of each client's location (IAMAT), and answers a question (WHATSAT) with some of
// what the Places service says of it, unread: what the kernel and libcurl cost of that. One
// question at a time on a connection; its other lines are answered at once.
class LookupServer {
public:
    LookupServer(EventLoop& loop, Port port, Port places);

    // Both take a line without its end. The answer ends with a newline.
    void take_report(std::string_view line, std::string& answers);
    // False: nobody has reported that client.
    bool ask(std::string_view line, Asker& asker);
    void forget(const Asker& asker) { lookups_.forget(asker); }

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    std::unordered_map<std::string, std::string, Hash, std::equal_to<>> locations_;
    Lookups lookups_;
    Listener listener_;
};

}  // namespace bench::floor
