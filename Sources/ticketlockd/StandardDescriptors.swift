import Glibc

/// Standard input, output and error.
enum StandardDescriptors {
    /// Opens /dev/null for each that the process was started without: else the first file that is opened would have
    /// its number, and log lines would go into it. Before anything else.
    static func open() {
        for wanted in STDIN_FILENO...STDERR_FILENO where fcntl(wanted, F_GETFD) < 0 {
            // The lowest number that is free, which is this one.
            guard Glibc.open("/dev/null", O_RDWR) == wanted else { exit(EX_OSERR) }
        }
    }
}
