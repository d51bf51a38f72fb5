#include "tests/live/writer.hpp"

#include <exception>

namespace live {

std::string iamat(const std::string& client, std::uint64_t second) {
    return "IAMAT " + client + " +34.068930-118.445127 " + std::to_string(1'600'000'000 + second) +
           ".5";
}

void Writer::stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

void Writer::run() {
    try {
        Client client(port_);
        for (std::uint64_t i = 1; !stop_; ++i) {
            const bool good = client.ask(iamat("load-" + server_ + std::to_string(i % 200), i))
                                  .starts_with("AT " + server_ + " ");
            ++(good ? answered_ : errors_);
            std::this_thread::sleep_for(pause);
        }
    } catch (const std::exception&) {
        ++errors_;
    }
}

}  // namespace live
