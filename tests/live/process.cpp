#include "tests/live/process.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace live {

namespace {

void redirect(const std::string& path, int flags, int to) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, to) < 0) _exit(126);
}

void limit_descriptors(rlim_t count) {
    const rlimit limit{count, count};
    constexpr int sys_resource = 24;  // CAP_SYS_RESOURCE, which lets root raise it again
    prctl(PR_CAPBSET_DROP, sys_resource);
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) _exit(125);
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::filesystem::path write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

std::filesystem::path write_secret(const std::filesystem::path& path, const std::string& text) {
    write_file(path, text);
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
    return path;
}

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "herd-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string herd_binary() {
    const char* const path = std::getenv("HERD_BINARY");
    return path != nullptr ? path : "build/herd/herd";
}

int ending_of(int status) {
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

Process::Process(const std::vector<std::string>& command) : Process(command, Options{}) {}

Process::Process(const std::vector<std::string>& command, const Options& options) {
    write_file(folder_ / "in", options.input);
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.data()));
    arguments.push_back(nullptr);
    const std::string in = folder_ / "in";
    const std::string out = folder_ / "out";
    const std::string err = folder_ / "err";
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The tests may run under nohup.
    ::signal(SIGHUP, SIG_DFL);
    redirect(in, O_RDONLY, STDIN_FILENO);
    redirect(out, O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO);
    redirect(err, O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO);
    if (options.descriptors > 0) limit_descriptors(options.descriptors);
    if (options.folder.empty() || chdir(options.folder.c_str()) == 0) {
        execvp(arguments[0], arguments.data());
    }
    _exit(127);
}

Process::~Process() {
    if (ending_) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
    if (!ending_) kill(pid_, number);
}

std::optional<int> Process::wait(Clock::duration time) {
    eventually([this] { return ended(); }, time);
    return ending_;
}

bool Process::ended() {
    int status = 0;
    if (!ending_ && waitpid(pid_, &status, WNOHANG) == pid_) ending_ = ending_of(status);
    return ending_.has_value();
}

bool Process::says(const std::string& text, Clock::duration time) {
    const auto said = [&] { return out().find(text) != std::string::npos; };
    eventually([&] { return said() || ended(); }, time);
    return said();
}

Ran run(const std::vector<std::string>& command, const Process::Options& options) {
    Process process(command, options);
    const auto code = process.wait();
    return {code, process.out(), process.err()};
}

bool runs(int pid) {
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t state = stat.rfind(") ");
    return state != std::string::npos && stat[state + 2] != 'Z' && stat[state + 2] != 'X';
}

std::vector<int> children_of(int parent) {
    const std::string id = std::to_string(parent);
    std::ifstream list("/proc/" + id + "/task/" + id + "/children");
    return {std::istream_iterator<int>(list), {}};
}

std::vector<std::string> arguments_of(int pid) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/cmdline");
    std::vector<std::string> arguments;
    for (std::size_t at = 0; at < text.size(); at = text.find('\0', at) + 1) {
        arguments.emplace_back(text.c_str() + at);
    }
    return arguments;
}

}  // namespace live
