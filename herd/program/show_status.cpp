#include "herd/program/show_status.hpp"

#include "herd/program/ask_status.hpp"
#include "herd/program/status_table.hpp"
#include "herd/tls/dialler.hpp"

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace herd::program {

int show_status(const config::Config& config, const StatusOptions& options) {
    tls::Dialler dialler;
    if (const auto opened = open_dialler(dialler, config); !opened) {
        std::fprintf(stderr, "herd: %s\n", opened.error().c_str());
        return 2;
    }
    while (true) {
        const std::vector<StatusAnswer> answers = ask_status(config, dialler, askable(config));
        // Home, and clear what is below: a screen that stands still.
        if (options.watch && !options.json) std::fputs("\033[H\033[J", stdout);
        const std::string text = options.json ? status_json(answers) : status_tables(answers);
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
        if (!options.watch) return all_answered(answers) ? 0 : 1;
        std::this_thread::sleep_for(options.interval);
    }
}

}  // namespace herd::program
