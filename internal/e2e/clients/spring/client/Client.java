package client;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A site by Spring Boot. It has no code for signing in: client.properties is enough. */
@SpringBootApplication
@RestController
public class Client {
    public static void main(String[] args) {
        SpringApplication.run(Client.class, args);
    }

    @GetMapping("/")
    Map<String, Object> home(@AuthenticationPrincipal OidcUser user) {
        var claims = user.getIdToken(); // not the userinfo that is merged in
        return Map.of("user", Map.of("name", claims.getFullName(), "email", claims.getEmail()));
    }
}
