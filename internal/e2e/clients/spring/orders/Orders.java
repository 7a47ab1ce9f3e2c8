package orders;

import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.jwt.JwtAudienceValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An API by Spring Boot. At /asks it asks by introspection, at /verifies it verifies JWTs itself. */
@SpringBootApplication
@RestController
public class Orders {
    public static void main(String[] args) {
        SpringApplication.run(Orders.class, args);
    }

    @Bean
    @Order(1)
    SecurityFilterChain asks(HttpSecurity http) throws Exception {
        return http.securityMatcher("/asks").authorizeHttpRequests(r -> r.anyRequest().hasAuthority("SCOPE_orders:read"))
            .oauth2ResourceServer(server -> server.opaqueToken(Customizer.withDefaults())).build();
    }

    @Bean
    @Order(2)
    SecurityFilterChain verifies(HttpSecurity http, JwtDecoder decoder) throws Exception {
        return http.securityMatcher("/verifies").authorizeHttpRequests(r -> r.anyRequest().hasAuthority("SCOPE_orders:read"))
            .oauth2ResourceServer(server -> server.jwt(jwt -> jwt.decoder(decoder))).build();
    }

    @Bean
    JwtDecoder decoder(@Value("${ISSUER}") String issuer) {
        var decoder = NimbusJwtDecoder.withIssuerLocation(issuer).validateType(false).build();
        decoder.setJwtValidator(JwtValidators.createDefaultWithValidators(List.of(
            new JwtTypeValidator("at+jwt"),
            new JwtIssuerValidator(issuer),
            new JwtAudienceValidator("https://orders.example"))));
        return decoder;
    }

    @GetMapping({"/asks", "/verifies"})
    String name(Authentication authentication) {
        return authentication.getName();
    }
}
