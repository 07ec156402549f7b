import Foundation
import Support
import Testing

extension DaemonSuite {
    /// The script that the package installs for bash.
    @Suite("Completion")
    struct Completion {
        @Test(
            "bash completes options, and the values that are known",
            arguments: [
                ("--che", "--check-config"), ("--log-level not", "notice"),
                ("--set locks.max_lo", "locks.max_locks="), ("--listen sys", "systemd"),
                ("--config config/ticketlockd.y", "config/ticketlockd.yaml"),
            ])
        func completes(_ typed: String, _ expected: String) async throws {
            let script = """
                cd \(BuiltProducts.packageRoot.path)
                source <(\(BuiltProducts.url("ticketlockd").path) --generate-completion-script bash)
                COMP_LINE='ticketlockd \(typed)'
                COMP_POINT=${#COMP_LINE}
                COMP_WORDS=($COMP_LINE)
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _ticketlockd ticketlockd "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
                printf '%s\\n' "${COMPREPLY[@]}"
                """
            let result = try await Command.run("bash", ["-c", script])
            #expect(result.output == expected + "\n", "\(result.errors)")
        }
    }
}
