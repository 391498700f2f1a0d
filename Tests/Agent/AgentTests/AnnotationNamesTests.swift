import Configuration
import ServiceTranslation
import Testing

@Suite struct AnnotationNamesTests {
    /// The configuration knows the names that the translation reads.
    @Test func theConfigurationKnowsAllNames() {
        #expect(Set(ServiceDefaults.Annotations.names) == HeededAnnotations.names)
    }
}
