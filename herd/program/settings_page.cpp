#include "herd/program/settings_page.hpp"

#include "herd/config/config.hpp"
#include "herd/config/settings.hpp"

#include <string_view>
#include <variant>

namespace herd::program {

namespace {

constexpr std::string_view introduction =
    R"(<!-- Made by `herd check --settings` from the table in herd/config/settings.cpp. -->
# Configuration

`--config FILE` names a file of JSON, in which both kinds of comments may stand.
[herd.example.json](../herd.example.json) is one with every default written out. Only servers have
to be there, each with its name and addresses; what is not said has its default. Names of files and
folders are relative to the current folder.

`herd check --config FILE` says whether a file holds together, what is not as usual in it (with
`--all`, what each setting is), and how much memory a server may take. What is wrong is told by line
and field, and nothing starts.

What is marked *live* is taken at once when a server is told to read its file again (SIGHUP,
[running.md](running.md#reload)); everything else needs a restart, and so has that file refused as a
whole, by the name of the first setting that does. `herd check --live` says so beforehand.

An address is numeric, or `localhost`, and its port lies outside 32768-60999, which the system takes
for outgoing connections: `127.0.0.1:12001`, `[::1]:12001`, or `0.0.0.0:12001` to listen on all.
`[::ffff:127.0.0.1]` is another way to write `127.0.0.1`.
Port 0 is any free one. The base URL of a service is `https://host:port`, or `http://` where no key
goes there or the host is this machine.
)";

bool is_nested(const config::Setting& setting) {
    return std::holds_alternative<config::Object>(setting.type) ||
           std::holds_alternative<config::List>(setting.type);
}

std::string heading(const config::Setting& setting) {
    return "\n## " + std::string(setting.name) + "\n\n" + std::string(setting.meaning) + "\n\n";
}

std::string item(const config::Setting& setting) {
    static const config::Config defaults = config::Config::built_in();
    std::string text = "- `" + config::path_of(setting) + "`: " + std::string(setting.meaning) +
                       " (" + config::allowed(setting);
    const std::string usual = config::shown(setting, defaults);
    if (setting.required) {
        text += "; required";
    } else if (std::holds_alternative<config::Endpoint>(setting.type)) {
        text += "; optional";
    } else if (!usual.empty()) {
        text += "; default `" + usual + "`";
    }
    return text + (setting.taken == config::Taken::live ? "; *live*)\n" : ")\n");
}

}  // namespace

std::string settings_page() {
    std::string text(introduction);
    bool nested = true;  // what came last stood in an object or list
    for (const config::Setting& setting : config::settings()) {
        const bool top = setting.in == config::Section::root;
        if (is_nested(setting)) {
            if (top) text += heading(setting);
        } else {
            if (top && nested) text += "\n## The rest\n\nEach by itself, in no object.\n\n";
            text += item(setting);
        }
        nested = !top || is_nested(setting);
    }
    return text;
}

}  // namespace herd::program
