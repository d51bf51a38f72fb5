#include "herd/program/refused_start.hpp"

#include "herd/log.hpp"
#include "herd/program/service_manager.hpp"
#include "herd/watch/counters.hpp"
#include "reactor/loop.hpp"

#include <filesystem>
#include <system_error>

namespace herd::program {

// A loop and a log of its own: a start is also refused before those of the server are open.
void log_refused_start(const config::Log& log, const std::string& server, const std::string& why) {
    reactor::Loop loop;
    if (!loop.open({})) return;
    watch::Counters counters;
    Log written(loop);
    if (ServiceManager::reads_standard_error()) written.write_for_journal();
    if (!written.open(log, server, counters)) return;
    written.event(Level::error, "start_refused").field("why", why);
}

void log_refused_start_where_known(const config::Log& log,
                                   const std::string& server,
                                   const std::string& why) {
    std::error_code error;
    const auto file = std::filesystem::path(log.place()) / (server + ".log");
    if (std::filesystem::is_regular_file(file, error)) log_refused_start(log, server, why);
}

}  // namespace herd::program
